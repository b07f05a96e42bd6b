'use client'
import { useEffect, useRef } from 'react'

export function SecondFactor() {
  const element = useRef(null)
  useEffect(() => {
    import('countersign/browser/ui')
    const enter = () => location.assign('/orders')
    const { current } = element
    current.addEventListener('countersign-verified', enter)
    return () => current.removeEventListener('countersign-verified', enter)
  }, [])
  return <countersign-sign-in ref={element} />
}
